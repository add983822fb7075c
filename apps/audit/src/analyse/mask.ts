/** How a secret looks in everything the audit keeps. Apart from the search for secrets, whose rules take long to load. */

/** Stands for each character of a secret. Of private use, so that files hold it for nothing else. */
export const mask = "\u{F8FF}";
