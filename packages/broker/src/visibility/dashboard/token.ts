import { part } from './dom';

const TOKEN_KEY = 'majordomo.token';

/** The token that was said in this tab. */
export const savedToken = (): string | null => sessionStorage.getItem(TOKEN_KEY);

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
}

/** Calls back whenever somebody has said a token. */
export function onToken(said: () => void): void {
  part<HTMLFormElement>('login').addEventListener('submit', (event) => {
    event.preventDefault();
    const token = part<HTMLInputElement>('token');
    sessionStorage.setItem(TOKEN_KEY, token.value.trim());
    token.value = '';
    said();
  });
}

/** Has the page ask for the token, and show nothing else. */
export function askForToken(): void {
  part('main').hidden = true;
  part('pause').hidden = true;
  part('login').hidden = false;
  part<HTMLInputElement>('token').focus();
}

/** Has the page show what it is for. */
export function showMain(): void {
  part('login').hidden = true;
  part('main').hidden = false;
  part('pause').hidden = false;
}

/** Headers that say the token, where there is one. */
export function tokenHeaders(): Record<string, string> {
  const token = savedToken();
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

/** The broker wants a token, or another one. */
export class TokenWanted extends Error {}
