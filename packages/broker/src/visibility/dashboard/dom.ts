/** How good or bad something is: shown as a colour, and always in words or numbers beside. */
export type Tone = 'good' | 'warn' | 'bad' | 'none';

/** The element of the page with that id. */
export function part<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no ${id}.`);
  return element as E;
}

/** Makes an element. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = '',
  text = '',
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** Writes text where it is another than before: nothing else makes the browser work. */
export function write(element: Element, text: string): void {
  const node = element.firstChild;
  if (node instanceof Text && !node.nextSibling) {
    if (node.data !== text) node.data = text;
  } else if (element.textContent !== text) element.textContent = text;
}

/** Gives an element a tone. */
export function paint(element: HTMLElement, tone: Tone): void {
  if (element.dataset['tone'] !== tone) element.dataset['tone'] = tone;
}
