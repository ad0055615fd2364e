/** Why a cost is unknown, or that it is one of estimated tokens: words to group by, each with its row in docs/cost.md. */
export const REASONS = [
  "estimated",
  "estimated_without_media",
  "estimated_in_part",
  "unknown_model",
  "unknown_service_tier",
  "unpriced_bucket",
  "no_usage",
  "incomplete_usage",
  "not_billed",
  "no_answer",
  "out_of_range",
] as const;
export type Reason = (typeof REASONS)[number];
