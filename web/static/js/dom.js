/**
 * Make an element. Strings become text, never markup; null and false children are left out.
 * Properties that elements do not have (aria-…, data-…, lang) are set as attributes.
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Attributes for a text in a language of its own: how it is spoken, which glyphs it takes, which way it runs. */
export function inLanguage(code) {
  return { lang: code && code !== "und" ? code : null, dir: "auto" };
}

/** Whether a click on a link asks the browser for another tab, another window or a file. */
export function opensElsewhere(event) {
  return event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
}

export const byId = (id) => document.getElementById(id);
