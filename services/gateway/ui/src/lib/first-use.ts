// What a first sign-in needs, told before the server is asked.

/** Letters and digits of a code, without the hyphens that group them when printed. */
const CODE_LENGTH = 12;
/** The server's rule, in bytes of UTF-8. */
const LEAST_BYTES = 8;
const MOST_BYTES = 256;

type PasswordFault = 'short' | 'long' | 'isLogin' | 'isCode' | 'common';
export type FirstUseFault = 'login' | 'code' | 'codeShape' | 'codeLetters' | 'differs' | PasswordFault;
export type FirstUseField = 'login' | 'code' | 'password' | 'repeat';

export interface FirstUse {
  login: string;
  code: string;
  password: string;
  repeat: string;
}

/** As the server compares it: without case, spaces and hyphens of any kind; look-alikes as they were printed. */
export function normalCode(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/[\s\p{Pd}\u2212\u200b\u00ad]/gu, '')
    .toUpperCase()
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
}

/** The first thing to mend, and where. */
export function firstUseFault({ login, code, password, repeat }: FirstUse): { field: FirstUseField; fault: FirstUseFault } | undefined {
  if (login.trim() === '') return { field: 'login', fault: 'login' };
  const plain = normalCode(code);
  if (plain === '') return { field: 'code', fault: 'code' };
  if (!/^[0-9A-Z]*$/.test(plain)) return { field: 'code', fault: 'codeLetters' };
  if (plain.length !== CODE_LENGTH) return { field: 'code', fault: 'codeShape' };
  const bytes = new TextEncoder().encode(password.normalize('NFC')).length;
  if (bytes < LEAST_BYTES) return { field: 'password', fault: 'short' };
  if (bytes > MOST_BYTES) return { field: 'password', fault: 'long' };
  if (fold(password) === fold(login.trim())) return { field: 'password', fault: 'isLogin' };
  if (normalCode(password) === plain) return { field: 'password', fault: 'isCode' };
  if (password !== repeat) return { field: 'repeat', fault: 'differs' };
  return undefined;
}

/** What the server's reason says of the password; `undefined` when it is about something else. */
export function passwordFault(reason: string): PasswordFault | undefined {
  return BY_REASON[reason];
}

const BY_REASON: Partial<Record<string, PasswordFault>> = {
  PASSWORD_TOO_SHORT: 'short',
  PASSWORD_TOO_LONG: 'long',
  PASSWORD_IS_LOGIN: 'isLogin',
  PASSWORD_IS_CODE: 'isCode',
  PASSWORD_TOO_COMMON: 'common',
};

const fold = (text: string): string => text.normalize('NFC').toLowerCase();
