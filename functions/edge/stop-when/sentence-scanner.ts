import { isCloser, isLower, isSpace, isWordUnit, markOf, type Mark } from './sentence-marks.ts';

/** Words that end in a dot and never end a sentence. */
const TITLES: ReadonlySet<string> = new Set(['Mr', 'Mrs', 'Ms', 'Dr', 'Prof', 'vs', 'cf']);
/** A word that is longer is none of those. */
const MAX_WORD_UNITS = 6;
const DOT = 46;
const LINE_FEED = 10;
/** What stands before the number of a list's item, beside white space. */
const BEFORE_NUMBERS = '#>*_-+(';

/** The end marks that were read last: an abbreviation's dot, one dot, several, or any of the others. */
type Ending = 'none' | 'abbreviation' | Mark;

/**
 * Finds where sentences end, unit by unit.
 *
 * - `.!?…` and their likes end a sentence where white space follows; closing quotes, brackets and Markdown's emphasis in
 *   between belong to it. So `3.5`, `example.com` and `e.g.` are not cut, nor is `...` cut up. `。！？` end it whatever follows.
 * - The dot of a single letter (`e.g.`, `U.S.`, `J. Smith`), of a title (`Dr.`) and of an item's number (`1.` at the beginning
 *   of a line) ends nothing: rather a sentence too much than half a one.
 * - After `...`, `…`, and marks within quotes or brackets, a small letter goes on with the sentence: `"Really?" he said.`
 * - What has neither letter nor digit is no sentence.
 *
 * Intl.Segmenter is not used: it cuts after `Dr.`, `e.g.` and `1.`, a text that grows would have to be segmented again from
 * its last sentence on with every piece, and what it says of a text's end changes with what follows.
 */
export class SentenceScanner {
  #ending: Ending = 'none';
  /** Something was closed after the mark. */
  #isClosed = false;
  #isUndecided = false;
  /** The sentence under way has a letter or a digit. */
  #hasWords = false;
  #word = '';
  /** Before the word, or before here if there is none, the line has nothing but what stands before an item's number. */
  #leadsLine = true;

  /** Only what comes after the white space that is being read says whether the sentence has ended before it. */
  get isUndecided(): boolean {
    return this.#isUndecided;
  }

  /** True: a sentence has ended before this unit, or before the white space until here if that was undecided. */
  take(unit: number): boolean {
    const hasEnded = this.#ending !== 'none' && this.#decide(unit);
    if (this.#ending === 'none') this.#read(unit);
    return hasEnded;
  }

  /** After an end mark: whether a sentence has ended with it. */
  #decide(unit: number): boolean {
    const ending = this.#ending;
    if (this.#isUndecided) {
      if (!isSpace(unit)) return this.#conclude(!isLower(unit));
      this.#leadsLine ||= unit === LINE_FEED;
      return false;
    }
    const mark = markOf(unit);
    if (mark !== undefined) {
      this.#ending = both(ending, mark);
      return false;
    }
    if (isCloser(unit, ending === 'wide')) {
      this.#isClosed = true;
      return false;
    }
    if (ending === 'wide') return this.#conclude(true);
    if (ending === 'abbreviation' || !isSpace(unit) || !this.#hasWords) return this.#conclude(false);
    if (ending !== 'dots' && !this.#isClosed) return this.#conclude(true);
    this.#isUndecided = true;
    this.#leadsLine = unit === LINE_FEED;
    return false;
  }

  #conclude(hasEnded: boolean): boolean {
    this.#ending = 'none';
    this.#isClosed = false;
    this.#isUndecided = false;
    this.#word = '';
    const isSentence = hasEnded && this.#hasWords;
    if (isSentence) this.#hasWords = false;
    return isSentence;
  }

  /** Outside of end marks. */
  #read(unit: number): void {
    const mark = markOf(unit);
    if (mark !== undefined) {
      this.#ending = unit === DOT && this.#isAbbreviated() ? 'abbreviation' : mark;
      this.#leadsLine = false;
    } else if (isWordUnit(unit) || (this.#word !== '' && isWithinWord(unit))) {
      this.#hasWords = true;
      if (this.#word.length < MAX_WORD_UNITS) this.#word += String.fromCharCode(unit);
    } else {
      this.#leadsLine = unit === LINE_FEED || (this.#leadsLine && this.#word === '' && standsBeforeNumbers(unit));
      this.#word = '';
    }
  }

  #isAbbreviated(): boolean {
    const isItemNumber = this.#leadsLine && /^\d{1,3}$/.test(this.#word);
    return isItemNumber || /^\p{L}$/u.test(this.#word) || TITLES.has(this.#word);
  }
}

/** Two marks in a row. Dots are dots only among themselves. */
function both(ending: Ending, mark: Mark): Mark {
  if (ending === 'wide' || mark === 'wide') return 'wide';
  return ending === 'plain' || mark === 'plain' ? 'plain' : 'dots';
}

/** `don't`, `Vitamin-C`: what looks like a single letter is the end of a word. */
function isWithinWord(unit: number): boolean {
  return unit === 39 || unit === 0x2019 || unit === 45;
}

function standsBeforeNumbers(unit: number): boolean {
  return isSpace(unit) || BEFORE_NUMBERS.includes(String.fromCharCode(unit));
}
