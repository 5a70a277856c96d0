import type { Page } from 'playwright-core';

/** Phones, tablets, windows beside others, desks; both sides of where the layout changes. */
export const WIDTHS = [360, 481, 701, 768, 861, 981, 1_180, 1_181, 1_280, 1_421, 1_920];

/** Texts of which only a part is seen, or that reach out of their box. */
export function cutTexts(page: Page, selector: string): Promise<string[]> {
  return page.evaluate((selected) => {
    const text = document.createRange();
    const isCut = (element: HTMLElement): boolean => {
      const { paddingLeft, paddingRight } = getComputedStyle(element);
      const room = element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      const written = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
      if (element.offsetParent === null || !written) return false;
      text.selectNodeContents(written);
      return element.scrollWidth > element.clientWidth || text.getBoundingClientRect().width > room + 0.5;
    };
    return [...document.querySelectorAll<HTMLElement>(selected)]
      .filter(isCut)
      .map((element) => `${element.className || element.tagName}: ${element.textContent}`);
  }, selector);
}
