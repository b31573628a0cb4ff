import * as fc from 'fast-check';
import examples from 'libphonenumber-js/mobile/examples';
import metadata from 'libphonenumber-js/max/metadata';
import {
  type CountryCode,
  getCountries,
  getExampleNumber,
  parsePhoneNumberFromString,
  type PhoneNumber,
} from 'libphonenumber-js/max';

/** Google's example of a mobile number of every country that has one. */
export function mobileExamples(): PhoneNumber[] {
  return getCountries().flatMap((country) => getExampleNumber(country, examples) ?? []);
}

/** Where a country's entry of the metadata holds its kinds of lines (fixed, mobile, toll-free, premium …). */
const KINDS = 11;

/** A valid number of every kind of line of every country, made from the metadata's own patterns. */
export function numbersOfEveryKind(): PhoneNumber[] {
  const countries = Object.entries(metadata.countries) as unknown as [CountryCode, readonly unknown[]][];
  return countries.flatMap(([country, entry]) => {
    const kinds = (entry[KINDS] ?? []) as readonly ([pattern?: string] | 0 | null)[];
    return kinds.flatMap((kind) => (kind && kind[0] ? (validOf(country, kind[0]) ?? []) : []));
  });
}

function validOf(country: CountryCode, pattern: string): PhoneNumber | undefined {
  const national = fc.stringMatching(new RegExp(`^(?:${pattern})$`));
  return fc
    .sample(national, { numRuns: 5, seed: 20_261_122 })
    .map((digits) => parsePhoneNumberFromString(digits, country))
    .find((number) => number?.isValid());
}
