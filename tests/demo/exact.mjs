// Rational numbers of any size.

const gcd = (a, b) => (b === 0n ? a : gcd(b, a % b));
const abs = (n) => (n < 0n ? -n : n);

export class Exact {
  constructor(numerator, denominator = 1n) {
    const sign = denominator < 0n ? -1n : 1n;
    const common = gcd(abs(numerator), abs(denominator)) * sign;
    this.numerator = numerator / common;
    this.denominator = denominator / common;
  }

  /** Reads a decimal as people write it: `-12.50`, `.5`, `1e-05`. */
  static read(text) {
    const found = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
    if (!found || found[2] + found[3] === '') throw new Error(`not a number: ${text}`);
    const [, sign, whole, fraction, exponent = '0'] = found;
    const scale = BigInt(fraction.length) - BigInt(exponent);
    const digits = BigInt(sign + whole + fraction);
    return scale >= 0n ? new Exact(digits, 10n ** scale) : new Exact(digits * 10n ** -scale);
  }

  plus(other) {
    return new Exact(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }
  minus(other) {
    return this.plus(new Exact(-other.numerator, other.denominator));
  }
  times(other) {
    return new Exact(this.numerator * other.numerator, this.denominator * other.denominator);
  }
  over(other) {
    return new Exact(this.numerator * other.denominator, this.denominator * other.numerator);
  }
  compare(other) {
    const difference = this.minus(other).numerator;
    return difference < 0n ? -1 : Number(difference > 0n);
  }

  /** Half up, of negative numbers half down: away from zero. No rounding where no places are given. */
  rounded(places) {
    if (places === null) return this;
    const scale = 10n ** BigInt(places);
    const twice = 2n * this.denominator;
    const size = (2n * abs(this.numerator) * scale + this.denominator) / twice;
    return new Exact(this.numerator < 0n ? -size : size, scale);
  }

  /** The decimal text, to 30 places where it does not end before. */
  toString() {
    const scale = 10n ** 30n;
    const scaled = (abs(this.numerator) * scale) / this.denominator;
    const fraction = (scaled % scale).toString().padStart(30, '0').replace(/0+$/, '');
    return `${this.numerator < 0n ? '-' : ''}${scaled / scale}${fraction && `.${fraction}`}`;
  }

  toNumber() {
    return Number(this.toString());
  }
}

export const ZERO = new Exact(0n);
export const sum = (values) => values.reduce((all, value) => all.plus(value), ZERO);
export const mean = (values) => (values.length ? sum(values).over(new Exact(BigInt(values.length))) : null);

const sorted = (values) => [...values].sort((a, b) => a.compare(b));

export const median = (values) => {
  const middle = values.length >> 1;
  return mean(sorted(values).slice(middle - Number(values.length % 2 === 0), middle + 1));
};

/** The mean without the `trim` highest and lowest; of too few values the plain mean. */
export const trimmed = (values, trim) =>
  values.length > 2 * trim ? mean(sorted(values).slice(trim, values.length - trim)) : mean(values);
