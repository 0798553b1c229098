// Owns the style sheet of a tenant's own: the properties of views/assets/style.css it sets.

import { accentButton, accentOnCard, type Branding, type CARDS } from '../domain/branding.ts';
import { contrastRatio, TEXT_CONTRAST } from '../domain/contrast.ts';

type Properties = Readonly<Record<string, string | null>>;

/** So much of a picture shows through in dark mode: a bright one would glare around the card. */
const DIM = 'linear-gradient(#14171b99, #14171b99)';

/**
 * Makes the sheet. Pure. It holds checked colours and one address, and nothing else of a file.
 *
 * @param picture path of the picture behind the card; null without one
 * @returns undefined when there is nothing to set
 * @source experience, branding; WCAG 1.4.3, 1.4.11
 */
export function themeOf(branding: Branding, picture: string | null): string | undefined {
  const light = { ...colours(branding, 'light'), ...ground(branding, 'light', picture) };
  const dark = { ...colours(branding, 'dark'), ...ground(branding, 'dark', picture) };
  // Both by name: without, what is meant for light would stand behind the sheet's own dark.
  const rules = [...inScheme('light', light), ...inScheme('dark', dark)];
  return rules.length === 0 ? undefined : `${rules.join('\n')}\n`;
}

function colours({ accent }: Branding, card: keyof typeof CARDS): Properties {
  if (accent === undefined) return {};
  const { link, linkStrong, focus, edge } = accentOnCard(accent, card);
  const button = accentButton(accent);
  return {
    link,
    'link-strong': linkStrong,
    focus,
    button: button.ground,
    'button-strong': button.groundStrong,
    'button-edge': edge ?? 'var(--edge)',
    'on-button': button.text,
  };
}

function ground(
  { background }: Branding,
  card: keyof typeof CARDS,
  picture: string | null,
): Properties {
  const panel = { foot: 'var(--card)', 'foot-line': 'var(--line)' };
  if (picture !== null) {
    const shown = `url("${picture}")`;
    return { picture: card === 'light' ? shown : `${DIM}, ${shown}`, ...panel };
  }
  if (typeof background !== 'string') return {};
  // Whoever asks for dark pages is not to be dazzled by a bright one around the card.
  const isDark = contrastRatio(background, '#ffffff') >= TEXT_CONTRAST;
  return card === 'light' || isDark ? { ground: background, ...panel } : {};
}

function inScheme(card: keyof typeof CARDS, properties: Properties): readonly string[] {
  const set = Object.entries(properties).filter(([, value]) => value !== null);
  if (set.length === 0) return [];
  const lines = set.map(([name, value]) => `    --${name}: ${value};`);
  return [`@media (prefers-color-scheme: ${card}) {`, '  :root {', ...lines, '  }', '}'];
}
