/** For a check of a whole object: only when its parts are sound, so that one mistake is one problem. */
export const isSound = ({ issues }: { readonly issues: readonly unknown[] }): boolean => issues.length === 0;
