/** What a test, or a person on the page, may set: behaviour that the providers leave open, and limits. */

export interface Settings {
  /** Google does not promise to notice an id that was used before: `unnoticed` makes a second event. */
  googleReusedIds: 'noticed' | 'unnoticed';
  /** Graph states no time for how long it knows a transactionId: `unnoticed` makes a second event. */
  graphTransactionIds: 'noticed' | 'unnoticed';
  /** Graph's delta has been seen to tell nothing of a deleted occurrence but the rest of its series: `untold`. */
  graphRemovedOccurrences: 'told' | 'untold';
  /** Microsoft does not revoke a refresh token that was used; `refused` is what stricter servers do. */
  microsoftUsedRefreshTokens: 'accepted' | 'refused';
  /** How long access tokens last. */
  accessTokenSeconds: number;
  /** Requests that an account may make in any one second; null: as many as it likes. */
  requestsPerSecond: number | null;
  /** What a 429 says. */
  retryAfterSeconds: number;
  /** The longest life of a Graph subscription to events. */
  subscriptionMinutes: number;
  /**
   * Times that a notification is sent again when its receiver answers 5xx or not at all, and the wait before the first, doubled each time.
   */
  notificationRetries: number;
  notificationRetryMs: number;
}

export const defaultSettings: Settings = {
  googleReusedIds: 'noticed',
  graphTransactionIds: 'noticed',
  graphRemovedOccurrences: 'untold',
  microsoftUsedRefreshTokens: 'accepted',
  accessTokenSeconds: 3600,
  requestsPerSecond: null,
  retryAfterSeconds: 1,
  subscriptionMinutes: 4230,
  notificationRetries: 3,
  notificationRetryMs: 1000,
};
