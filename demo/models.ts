import { ApiError, json, throwFor, type Asked, type Reply } from "./ask.ts";

/** How a client can tell that it talks to the demo and not to a model. */
export const OWNER = "spangate-demo";

const MODELS = ["demo", "demo-mini", "demo-embedding"];

function model(id: string): unknown {
  return { id, object: "model", created: 1_767_225_600, owned_by: OWNER };
}

export function listModels(): Reply {
  return json({ object: "list", data: MODELS.map(model) });
}

/** Any name is a model here, as it is in a request. */
export function oneModel({ path }: Asked): Reply {
  const id = path.split("/").at(-1) ?? "";
  try {
    const name = decodeURIComponent(id);
    throwFor(name);
    return json(model(name));
  } catch (error) {
    if (error instanceof URIError)
      throw new ApiError(400, "invalid_request_error", `The model's name is not valid: ${id}`, { param: "model" });
    throw error;
  }
}
