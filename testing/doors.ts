/** An address of its own for each way in, so that one that is found tells by which way it came. */
export const mail = (door: string): string => `zoe.${door}@gmail.com`;

/** Of other kinds than addresses. */
export const KINDS: readonly string[] = [
  "call +49 151 23456789",
  "card 4111 1111 1111 1111",
  "IBAN DE89370400440532013000",
  "SSN 536-22-1234",
  "key sk-proj-Zq3vR8tLw2Xy7Kd9Nf4Hb6Mc1Pj5Gs0A",
  "password: correcthorse",
  "I live at 12 Rosewood Lane, Springfield, IL 62704",
];

/** A call, and what is answered; without an answer the upstream refuses it, and tells back what it was asked. */
export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly answer?: unknown;
  readonly headers?: { readonly [name: string]: string };
}

const chat = (content: unknown, more: object = {}): object => ({ model: "m", messages: [{ role: "user", content }], ...more });
const said = (message: object, more: object = {}): object => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  ...more,
});
const OK = said({ content: "ok" });

/** Every way by which a text of somebody's gets to us, and calls that take it, each with an address of its own. */
export const DOORS: { readonly [door: string]: Call } = {
  content: { body: chat(`write to ${mail("content")}`), answer: OK },
  parts: { body: chat([{ type: "text", text: mail("parts") }]), answer: OK },
  role: { body: { model: "m", messages: [{ role: mail("role"), content: "x" }] }, answer: OK },
  speaker: { body: { model: "m", messages: [{ role: "user", name: mail("speaker"), content: "x" }] }, answer: OK },
  parttype: { body: chat([{ type: mail("parttype"), x: 1 }]), answer: OK },
  partid: { body: chat([{ type: "new", id: mail("partid") }]), answer: OK },
  partidobject: { body: chat([{ type: "new", id: { a: mail("partidobject") } }]), answer: OK },
  modality: { body: chat([{ type: "new", modality: mail("modality") }]), answer: OK },
  blob: { body: chat([{ type: "blob", content: `mail ${mail("blob")}` }]), answer: OK },
  mimetype: { body: chat([{ type: "image_url", image_url: { url: `data:image/${mail("mimetype")};base64,AAAA` } }]), answer: OK },
  dataurl: { body: chat([{ type: "image_url", image_url: { url: `data:text/plain,${mail("dataurl")}` } }]), answer: OK },
  imageurl: { body: chat([{ type: "image_url", image_url: { url: `https://x.example/i.png?u=${mail("imageurl")}` } }]), answer: OK },
  imageurlescaped: {
    body: chat([{ type: "image_url", image_url: { url: `https://x.example/i.png?u=${encodeURIComponent(mail("imageurlescaped"))}` } }]),
    answer: OK,
  },
  audio: { body: chat([{ type: "input_audio", input_audio: { data: mail("audio"), format: "wav" } }]), answer: OK },
  audioformat: { body: chat([{ type: "input_audio", input_audio: { data: "AAAA", format: mail("audioformat") } }]), answer: OK },
  fileid: { body: chat([{ type: "file", file: { file_id: mail("fileid") } }]), answer: OK },
  filename: { body: chat([{ type: "file", file: { filename: mail("filename"), file_data: "AAAA" } }]), answer: OK },
  filedata: { body: chat([{ type: "file", file: { filename: "x", file_data: mail("filedata") } }]), answer: OK },
  toolargs: {
    body: chat("x"),
    answer: said({
      content: null,
      tool_calls: [
        { id: "call_1", type: "function", function: { name: "send", arguments: JSON.stringify({ to: mail("toolargs"), n: 12345678901 }) } },
      ],
    }),
  },
  toolargsescaped: {
    body: chat("x"),
    answer: said({
      tool_calls: [{ id: "call_1", function: { name: "send", arguments: `{"to":"${mail("toolargsescaped").replace("@", "\\u0040")}"}` } }],
    }),
  },
  toolargsbig: {
    body: chat("x"),
    answer: said({
      tool_calls: [
        {
          id: "call_1",
          function: { name: "send", arguments: `{"n":123456789012345678901,"n":2,"to":"${mail("toolargsbig").replace("@", "\\u0040")}"}` },
        },
      ],
    }),
  },
  toolargscut: {
    body: chat("x"),
    answer: said({ tool_calls: [{ id: "call_1", function: { name: "send", arguments: `{"to":"${mail("toolargscut")}` } }] }),
  },
  toolargscutescaped: {
    body: chat("x"),
    answer: said({
      tool_calls: [
        { id: "call_1", function: { name: "send", arguments: `{"to":"${mail("toolargscutescaped").replace("@", "\\u0040")}","x":` } },
      ],
    }),
  },
  toolname: { body: chat("x"), answer: said({ tool_calls: [{ id: "call_1", function: { name: mail("toolname"), arguments: "{}" } }] }) },
  toolid: { body: chat("x"), answer: said({ tool_calls: [{ id: mail("toolid"), function: { name: "f", arguments: "{}" } }] }) },
  tooltype: {
    body: chat("x"),
    answer: said({ tool_calls: [{ id: "call_1", type: "custom", custom: { name: "f", input: mail("tooltype") } }] }),
  },
  toolresult: {
    body: {
      model: "m",
      messages: [{ role: "tool", tool_call_id: "call_1", content: JSON.stringify({ a: JSON.stringify({ b: mail("toolresult") }) }) }],
    },
    answer: OK,
  },
  toolresultid: { body: { model: "m", messages: [{ role: "tool", tool_call_id: mail("toolresultid"), content: "x" }] }, answer: OK },
  lines: {
    body: {
      model: "m",
      messages: [{ role: "tool", tool_call_id: "call_1", content: `{"a":1}\n{"b":"${mail("lines").replace("@", "\\u0040")}"}` }],
    },
    answer: OK,
  },
  tooldefinition: {
    body: chat("x", {
      tools: [
        {
          type: "function",
          function: {
            name: "f",
            description: mail("tooldefinition"),
            parameters: { type: "object", properties: { a: { enum: [mail("toolenum")] } } },
          },
        },
      ],
    }),
    answer: OK,
  },
  tooldeftype: { body: chat("x", { tools: [{ type: mail("tooldeftype") }] }), answer: OK },
  refusal: { body: chat("x"), answer: said({ refusal: mail("refusal") }) },
  reasoning: { body: chat("x"), answer: said({ reasoning_content: mail("reasoning"), content: "x" }) },
  annotation: {
    body: chat("x"),
    answer: said({ content: "x", annotations: [{ type: "url_citation", url_citation: { url: `https://x/${mail("annotation")}` } }] }),
  },
  finish: {
    body: chat("x"),
    answer: {
      ...said({ content: "x" }),
      choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: mail("finish") }],
    },
  },
  responseid: { body: chat("x"), answer: { ...said({ content: "x" }), id: mail("responseid") } },
  responsemodel: { body: chat("x"), answer: { ...said({ content: "x" }), model: mail("responsemodel") } },
  fingerprint: {
    body: chat("x"),
    answer: { ...said({ content: "x" }), system_fingerprint: mail("fingerprint"), service_tier: mail("servicetier") },
  },
  responserole: { body: chat("x"), answer: said({ content: "x", role: mail("responserole") }) },
  tier: { body: chat("x", { service_tier: mail("tier") }), answer: OK },
  stop: { body: chat("x", { stop: [mail("stop")] }), answer: OK },
  model: { body: { ...chat("x"), model: mail("model") }, answer: OK },
  user: { body: chat("x", { user: mail("user") }), answer: OK },
  metadata: {
    body: chat("x", {
      metadata: {
        email: mail("metadata"),
        [mail("metadatakey")]: "1",
        user_id: mail("metadatauser"),
        password: "open zoe.sesame",
        first_name: "Zoe.Firstname",
      },
    }),
    answer: OK,
  },
  dims: { body: chat("x"), answer: OK, headers: { "x-spangate-dim-who": mail("dims"), "x-spangate-dim-first-name": "Zoe.Dimname" } },
  session: {
    body: chat("x"),
    answer: OK,
    headers: {
      "x-spangate-session": mail("session"),
      "x-spangate-conversation": mail("conversation"),
      "x-spangate-workflow": mail("workflow"),
      "x-spangate-phase": mail("phase"),
      "x-spangate-interaction-type": mail("interaction"),
      "x-spangate-prompt-name": mail("promptname"),
      "x-spangate-prompt-version": mail("promptversion"),
      "x-spangate-request-id": mail("requestid"),
      "x-title": mail("title"),
    },
  },
  variables: {
    body: chat("x"),
    answer: OK,
    headers: { "x-spangate-prompt-variables": JSON.stringify({ a: mail("variables"), [mail("variablekey")]: "1" }) },
  },
  baggage: {
    body: chat("x"),
    answer: OK,
    headers: {
      baggage: `who=${encodeURIComponent(mail("baggage"))},session.id=${encodeURIComponent(mail("baggagesession"))},${encodeURIComponent(mail("baggagekey"))}=1`,
      tracestate: `a=${mail("tracestate")}`,
    },
  },
  spangateuser: { body: chat("x"), answer: OK, headers: { "x-spangate-user": mail("spangateuser") } },
  agent: { body: chat("x"), answer: OK, headers: { "user-agent": `app (${mail("agent")})` } },
  xrequestid: { body: chat("x"), answer: OK, headers: { "x-request-id": mail("xrequestid") } },
  query: { path: `/v1/chat/completions?mail=${encodeURIComponent(mail("query"))}&x=${mail("queryplain")}`, body: chat("x"), answer: OK },
  echoed: { body: chat(`${mail("echoed")}`) },
  unknownpath: { method: "GET", path: `/v1/users/${mail("unknownpath")}/x`, answer: { a: mail("unknownbody") } },
  unknownescaped: {
    method: "GET",
    path: `/v1/users/${encodeURIComponent(mail("unknownescaped"))}/x?q=${mail("unknownquery")}`,
    answer: {},
  },
  knownpath: { method: "GET", path: `/v1/files/${mail("knownpath")}/content`, answer: {} },
  upstreampath: { method: "GET", path: `/up/v1/files/${mail("upstreampath")}`, answer: {} },
  beyond: { method: "GET", path: `/up/${mail("beyond")}/x`, answer: {} },
  rejected: { method: "GET", path: `/nowhere/${mail("rejected")}/x?q=${mail("rejectedquery")}` },
  rejectedfiles: { method: "GET", path: `/files/${mail("rejectedfiles")}` },
  method: { method: "PURGE", path: `/v1/x/${mail("method")}`, answer: {} },
  malformed: { body: `{"model":"m","messages":[{"role":"user","content":"${mail("malformed")}`, answer: OK },
  malformedanswer: { body: chat("x"), answer: `{"id": "${mail("malformedanswer")}` },
  streamed: {
    body: chat("x", { stream: true }),
    answer: `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"zoe.str"}}]}\n\ndata: {"choices":[{"index":0,"delta":{"content":"eamed@gmail.com"}}]}\n\ndata: [DONE]\n\n`,
  },
  cut: {
    body: chat("x", { stream: true }),
    answer: `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\\"a\\":\\"${mail("cut")}"}}]}}]}\n\n`,
    headers: { "x-cut": "1" },
  },
  streamederror: {
    body: chat("x", { stream: true }),
    answer: `data: {"error":{"message":"no ${mail("streamederror")}","type":"${mail("errortype")}","code":"${mail("errorcode")}","param":"${mail("errorparam")}"}}\n\n`,
  },
  responses: {
    path: "/v1/responses",
    body: {
      model: "m",
      instructions: mail("instructions"),
      input: [
        { role: "user", content: [{ type: "input_text", text: mail("responsesinput") }] },
        { type: "function_call_output", call_id: "c1", output: `{"a":"${mail("fnoutput")}"}` },
        { type: "function_call", call_id: mail("fncallid"), name: "f", arguments: `{"b":"${mail("fnargs")}"}` },
        { type: mail("itemtype"), id: mail("itemid"), x: mail("itemx") },
      ],
      metadata: { who: mail("responsesmeta") },
      previous_response_id: mail("previous"),
      safety_identifier: mail("safety"),
      prompt: { id: mail("promptid"), version: "1", variables: { a: mail("promptvar") } },
    },
    answer: {
      id: "resp_1",
      object: "response",
      status: mail("status"),
      model: "m",
      output: [
        { type: "message", role: "assistant", content: [{ type: "output_text", text: mail("responsesoutput") }] },
        { type: "reasoning", summary: [{ type: "summary_text", text: mail("summary") }], encrypted_content: mail("encrypted") },
      ],
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  },
  completions: {
    path: "/v1/completions",
    body: { model: "m", prompt: mail("completions") },
    answer: { id: "c", choices: [{ text: mail("completiontext"), index: 0, finish_reason: "stop" }] },
  },
  embeddings: {
    path: "/v1/embeddings",
    body: { model: "m", input: [mail("embeddings")], encoding_format: mail("encodingformat") },
    answer: { data: [], usage: { prompt_tokens: 1, total_tokens: 1 } },
  },
  schema: {
    body: chat("{}", { response_format: { type: "json_schema", json_schema: { name: mail("schema"), schema: {} } } }),
    answer: said({ content: `not json ${mail("schemaout")}` }),
  },
  zerowidth: { body: chat(`zoe\u200b.zerowidth@gm\u200bail.com`), answer: OK },
  markers: { body: chat("by [CREDIT_CARD:4012888888881881]"), answer: OK },
  kinds: {
    body: chat(`My name is Zoe Gallagher. ${KINDS.join("; ")}`),
    answer: said({ content: `Dear Zoe Gallagher, ${KINDS.join(", ")}` }),
  },
};
