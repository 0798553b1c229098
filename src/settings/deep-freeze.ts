// Owns making configuration unchangeable: a snapshot is swapped whole or not at all.

/**
 * Freezes plain data all the way down and returns it. Buffers are left as they are (the engine
 * refuses to freeze them).
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
