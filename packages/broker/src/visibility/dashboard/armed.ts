import { write } from './dom';

/** How long a button stays armed, in ms. */
const ARMED_MS = 5_000;

/** A button that wants to be pressed twice, because what it does cannot be undone. */
export class Armed {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #text: string;

  /** @param armed - what it says after the first time */
  constructor(
    private readonly button: HTMLButtonElement,
    armed: string,
    act: () => void,
  ) {
    this.#text = button.textContent?.trim() ?? '';
    button.addEventListener('click', () => {
      if (this.#timer !== undefined) {
        this.disarm();
        act();
        return;
      }
      write(button, armed);
      button.dataset['armed'] = 'yes';
      this.#timer = setTimeout(() => this.disarm(), ARMED_MS);
    });
    button.addEventListener('blur', () => this.disarm());
  }

  /** What it says as long as it was not pressed. */
  set text(text: string) {
    this.#text = text;
    if (this.#timer === undefined) write(this.button, text);
  }

  disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.button.dataset['armed'] = 'no';
    write(this.button, this.#text);
  }
}
