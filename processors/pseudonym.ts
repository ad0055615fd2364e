import { createHmac } from "node:crypto";

/**
 * Keyed hashes that stand for values: the same within a tenant and purpose, unrelated in others, and nobody's without the key. 32 hex digits.
 */
export function pseudonyms(key: Uint8Array, purpose: string): (tenant: string, value: string) => string {
  const tenantKeys = new Map<string, Buffer>();
  return (tenant, value) => {
    let tenantKey = tenantKeys.get(tenant);
    if (tenantKey === undefined) {
      tenantKey = createHmac("sha256", key)
        .update(JSON.stringify([purpose, tenant]))
        .digest();
      tenantKeys.set(tenant, tenantKey);
    }
    return createHmac("sha256", tenantKey).update(value).digest("hex").slice(0, 32);
  };
}
