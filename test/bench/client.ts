// Owns the one relying party of the bench, the same for every variant.

/** A confidential client that authenticates with client_secret_basic. */
export const client = {
  client_id: 'bench',
  client_secret: 'secret-of-the-bench-client-only',
  redirect_uris: ['http://127.0.0.1:9999/cb'],
} as const;
