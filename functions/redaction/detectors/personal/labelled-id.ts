import type { Detector } from '../../detector.ts';

// Between a label and its number: `'s licence number is: `, `_no": "`.
const LINK =
  "(?:['’]s)?(?:[ _-]?(?:card|no|nr|num|number|nummer|número|numéro|id|code|#)\\b\\.?){0,2}" +
  '(?:\\s(?:is|was|ist|est|es|is:))?[ "\'=:#]{0,6}\\n?(?<secret>';

const labelled = (label: string, value: string) =>
  new RegExp(`(?<![a-z])${label}${LINK}${value})(?![\\w-]|\\.\\d)`, 'iy');

/** Numbers that nothing but the word before them tells from others. */
export const labelledIds: readonly Detector[] = [
  {
    kind: 'SSN',
    category: 'personal',
    anchor: { literals: ['ssn', 'social'], caseless: true },
    pattern: labelled('(?:ssn|social[ _-]?security)', '(?!000|666)\\d{3}[ .-]?\\d{2}[ .-]?\\d{4}'),
    longest: 80,
    example: 'SSN: 219099998',
    source: 'ssa.gov/employer/randomization.html',
  },
  {
    kind: 'PASSPORT',
    category: 'personal',
    anchor: { literals: ['passport', 'passeport', 'pasaporte', 'reisepass'], caseless: true },
    pattern: labelled('(?:passport|passeport|pasaporte|reisepass)', '(?=[a-z]{0,3}\\d{4})[a-z\\d]{6,12}'),
    longest: 80,
    example: 'passport number: X48291763',
    source: 'ICAO Doc 9303, part 4',
  },
  {
    kind: 'DRIVER_LICENSE',
    category: 'personal',
    anchor: { literals: ['driver', 'driving'], caseless: true },
    pattern: labelled(
      "(?:driver(?:['’]?s)?|driving)[ _-]?licen[cs]e",
      '(?=[a-z]{0,5}[ -]?\\d{2})[a-z\\d](?:[ -]?[a-z\\d]){4,17}?',
    ),
    longest: 100,
    example: "driver's license number is F162823540116",
    source: 'ntsi.com/drivers-license-format',
  },
  {
    kind: 'NATIONAL_ID',
    category: 'personal',
    anchor: {
      literals: [
        'pesel',
        'bsn',
        'steuer',
        'tfn',
        'tax ',
        'medicare',
        'nhs',
        'aadhaar',
        'cpf',
        'national i',
        'personnummer',
      ],
      caseless: true,
    },
    pattern: labelled(
      '(?:pesel|bsn|steuer(?:-?id|identifikations|nummer)|tfn|tax (?:file|id)|medicare|nhs|aadhaar|cpf|' +
        'national i(?:d|nsurance|dentity)|personnummer)',
      '\\d(?:[ .-]?\\d){7,12}',
    ),
    longest: 100,
    example: 'PESEL: 44051401359',
    source: 'OECD, tax identification numbers by country',
  },
];
