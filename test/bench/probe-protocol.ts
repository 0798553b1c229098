// Owns the word the driver and the probe inside a server share.

/** What the driver asks a server over its IPC channel; the answer is `process.cpuUsage()`. */
export const CPU_QUESTION = 'cpu';
