// A relay's key and address as people read and type them. Whether they are taken is decided in Rust; what is here lets a form say
// so before it is sent.

/** The 64 digits of a key that was typed, in groups or not, or as the line that the relay prints when it starts; null: none. */
export function digits(text: string): string | null {
  let key = text;
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === 'object' && line !== null && 'key' in line && typeof line.key === 'string') key = line.key;
  } catch {
    // Digits alone are no JSON, and need not be.
  }
  const plain = key.replace(/\s+/g, '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(plain) ? plain : null;
}

/** A key in groups of four, so that two people can compare it. */
export function groups(key: string): string[] {
  return key.match(/.{1,4}/g) ?? [];
}

/** What is wrong with an address, as the code of a failure; null: nothing that can be seen here. */
export function addressWrong(text: string): 'bad-address' | 'insecure-address' | null {
  const parts = /^(https?):\/\/(\[[0-9a-f:.]+\]|[^/\s:@?#]+)(:\d{1,5})?\/?$/i.exec(text.trim());
  if (parts === null) return 'bad-address';
  const here = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(parts[2] ?? '');
  return parts[1]?.toLowerCase() === 'http' && !here ? 'insecure-address' : null;
}
