// Owns how a file names a language.

import { z } from 'zod';
import { LANGUAGES } from '../i18n/languages.ts';

/** One of the languages that come with Guestpass, by its tag. */
export const languageField = z.enum(Object.keys(LANGUAGES));
