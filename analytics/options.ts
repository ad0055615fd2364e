import { z } from "zod";

export const controlOptions = z.strictObject({
  host: z
    .union([z.hostname(), z.ipv6()], { error: "not an address or host name to listen on" })
    .default("127.0.0.1")
    .meta({ description: "Address the control plane listens on. Beyond loopback, as on it, every call needs a token." }),
  port: z.int().min(0).max(65_535).default(4001).meta({ description: "Port of the control plane; 0 takes any free one." }),
});
export type ControlOptions = Readonly<z.output<typeof controlOptions>>;
