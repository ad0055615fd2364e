import { createHmac } from "node:crypto";
import type { DescribeOptions } from "../genai/describe.ts";

/** A person's pseudonym: the same within a tenant, unrelated in another, and nobody's without the key. */
export function userKeys(key: Uint8Array): DescribeOptions["userKey"] {
  const tenantKeys = new Map<string, Buffer>();
  return (tenant, user) => {
    let tenantKey = tenantKeys.get(tenant);
    if (tenantKey === undefined) {
      tenantKey = createHmac("sha256", key).update(tenant).digest();
      tenantKeys.set(tenant, tenantKey);
    }
    return createHmac("sha256", tenantKey).update(user).digest("hex").slice(0, 32);
  };
}
