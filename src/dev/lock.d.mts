export function takeLock(lock: string, maxAgeMs: number, onWait: () => void, signal?: AbortSignal): Promise<() => void>;
