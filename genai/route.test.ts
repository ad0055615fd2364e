import { describe, expect, test } from "vitest";
import { aRecorded } from "../testing/recorded.ts";
import { pathTemplate, routeOf } from "./route.ts";

const templates: readonly (readonly [path: string, template: string | undefined])[] = [
  ["/chat/completions", "/chat/completions"],
  ["/responses/resp_123/cancel", "/responses/{id}/cancel"],
  ["/models/gpt-4o", "/models/{id}"],
  ["/openai/deployments/contoso/chat/completions", "/openai/deployments/{id}/chat/completions"],
  ["/wp-admin/setup.php", undefined],
  ["/", undefined],
  [`/files${"/x".repeat(20)}`, undefined],
];

for (const [path, template] of templates) {
  test(`${path.slice(0, 60)} is the template ${template}`, () => {
    expect(pathTemplate(path)).toBe(template);
  });
}

describe("a route", () => {
  const upstream = { name: "azure", address: "example.com", port: 443, scheme: "https" } as const;
  const cases: readonly (readonly [path: string, below: string | undefined, route: string | undefined])[] = [
    ["/v1/models/gpt-4o", "/models/gpt-4o", "/v1/models/{id}"],
    ["/azure/v1/chat/completions", "/chat/completions", "/azure/v1/chat/completions"],
    ["/azure/health", "/health", undefined],
    ["/v1/responses/resp_1", undefined, "/v1/responses/{id}"],
  ];
  for (const [path, below, route] of cases) {
    test(`of ${path} is ${route}`, () => {
      const { opened } = aRecorded();
      const { upstream: _, ...refused } = { ...opened, path };
      expect(routeOf(below === undefined ? refused : { ...opened, path, upstream: { ...upstream, path: below } })).toBe(route);
    });
  }
});
