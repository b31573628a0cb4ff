/** Countries with the length of their IBANs. Source: the IBAN registry of SWIFT (ISO 13616), release 99. */
const lengths =
  '15NO|16BE|18DKFOFIGLNLFKSD|19MKSI|20ATBAEEKZLTLUXKMN|21HRCHLILV|22BGBHCRDEGEGBIEMERSVA|23ILAEIQTLSOOM|' +
  '24ADCZMDPKROSASKESSETNVG|25PTSTLY|26ISTR|27FRGRITMCSMMRBIDJ|28ALAZBYCYDOGTHULBPLSVNIHN|29BREGPSQAUA|30JOKWMUYE|' +
  '31MTSC|33RU|32LC';

/** A pattern of one IBAN per length of a country, with a space or a dash where people put one. */
export const ibanPattern = lengths
  .split('|')
  .map((line) => {
    const countries = line.slice(2).match(/../g)?.join('|') ?? '';
    return `(?:${countries})\\d\\d(?:[ -]?[A-Z\\d]){${Number(line.slice(0, 2)) - 4}}`;
  })
  .join('|');

/** Whether an IBAN's check digits are right: ISO 7064 mod 97-10, letters as 10 to 35. Expects no separators. */
export function isIban(iban: string): boolean {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
