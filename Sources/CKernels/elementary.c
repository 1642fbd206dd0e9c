// exp, log, sine and cosine in double precision, with the same bits on every machine.

#include "include/CKernels.h"

#pragma clang fp contract(off)

static double from_bits(uint64_t bits) {
  double value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t to_bits(double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// 2^n for n in -1022 ... 1023.
static double power_of_two(int64_t n) { return from_bits((uint64_t)(n + 1023) << 52); }

// ln 2 in two parts; the first has 21 trailing zeros, so its product with a small whole number is exact.
static const double ln2_high = 0x1.62e42feep-1;
static const double ln2_low = 0x1.a39ef35793c76p-33;

double moe_exp_double(double x) {
  if (x != x) return x;
  if (x > 709.79) return __builtin_inf();
  if (x < -745.14) return 0;
  const double magic = 0x1.8p52;
  double shifted = x * 0x1.71547652b82fep+0 + magic;
  double whole = shifted - magic;
  double r = __builtin_fma(whole, -ln2_high, x);
  r = __builtin_fma(whole, -ln2_low, r);
  // Taylor's series to r^13, whose rest is under 2^-57 for |r| <= ln 2 / 2.
  double q = 1.0 / 6227020800;
  q = __builtin_fma(q, r, 1.0 / 479001600);
  q = __builtin_fma(q, r, 1.0 / 39916800);
  q = __builtin_fma(q, r, 1.0 / 3628800);
  q = __builtin_fma(q, r, 1.0 / 362880);
  q = __builtin_fma(q, r, 1.0 / 40320);
  q = __builtin_fma(q, r, 1.0 / 5040);
  q = __builtin_fma(q, r, 1.0 / 720);
  q = __builtin_fma(q, r, 1.0 / 120);
  q = __builtin_fma(q, r, 1.0 / 24);
  q = __builtin_fma(q, r, 1.0 / 6);
  q = __builtin_fma(q, r, 0.5);
  double p = 1.0 + __builtin_fma(q * r, r, r);
  int64_t n = (int64_t)whole;
  int64_t half = n >> 1;
  return p * power_of_two(half) * power_of_two(n - half);
}

double moe_log_double(double x) {
  if (x != x || x == __builtin_inf()) return x;
  if (x == 0) return -__builtin_inf();
  if (x < 0) return __builtin_nan("");
  int64_t exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    exponent = -54;
  }
  // x = 2^exponent m with m in sqrt(1/2) ... sqrt(2).
  uint64_t bits = to_bits(x);
  uint64_t shifted = bits - 0x3fe6a09e667f3bcdu;
  exponent += (int64_t)shifted >> 52;
  double f = from_bits((shifted & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
  // log(1 + f) = 2 artanh(s) with s = f / (2 + f), written as f - (f²/2 - s (f²/2 + z)) with
  // z = s² (2/3 + s² (2/5 + ...)).
  double s = f / (2.0 + f);
  double w = s * s;
  double z = 2.0 / 25;
  z = __builtin_fma(z, w, 2.0 / 23);
  z = __builtin_fma(z, w, 2.0 / 21);
  z = __builtin_fma(z, w, 2.0 / 19);
  z = __builtin_fma(z, w, 2.0 / 17);
  z = __builtin_fma(z, w, 2.0 / 15);
  z = __builtin_fma(z, w, 2.0 / 13);
  z = __builtin_fma(z, w, 2.0 / 11);
  z = __builtin_fma(z, w, 2.0 / 9);
  z = __builtin_fma(z, w, 2.0 / 7);
  z = __builtin_fma(z, w, 2.0 / 5);
  z = __builtin_fma(z, w, 2.0 / 3);
  z = z * w;
  double half_square = 0.5 * f * f;
  double n = (double)exponent;
  double correction = s * (half_square + z) + n * ln2_low;
  return n * ln2_high - ((half_square - correction) - f);
}

void moe_sine_cosine(double x, double *sine, double *cosine) {
  // x = n π/2 + r with |r| <= π/4; π/2 in two parts.
  const double magic = 0x1.8p52;
  double whole = (x * 0x1.45f306dc9c883p-1 + magic) - magic;
  double r = __builtin_fma(whole, -0x1.921fb54442d18p+0, x);
  r = __builtin_fma(whole, -0x1.1a62633145c07p-54, r);
  double w = r * r;
  // Taylor's series, whose rests are under 2^-54 for |r| <= π/4.
  double s = -1.0 / 1307674368000;
  s = __builtin_fma(s, w, 1.0 / 6227020800);
  s = __builtin_fma(s, w, -1.0 / 39916800);
  s = __builtin_fma(s, w, 1.0 / 362880);
  s = __builtin_fma(s, w, -1.0 / 5040);
  s = __builtin_fma(s, w, 1.0 / 120);
  s = __builtin_fma(s, w, -1.0 / 6);
  s = __builtin_fma(s * w, r, r);
  double c = 1.0 / 20922789888000;
  c = __builtin_fma(c, w, -1.0 / 87178291200);
  c = __builtin_fma(c, w, 1.0 / 479001600);
  c = __builtin_fma(c, w, -1.0 / 3628800);
  c = __builtin_fma(c, w, 1.0 / 40320);
  c = __builtin_fma(c, w, -1.0 / 720);
  c = __builtin_fma(c, w, 1.0 / 24);
  c = __builtin_fma(c, w, -0.5);
  c = __builtin_fma(c, w, 1.0);
  switch ((int64_t)whole & 3) {
  case 0:
    *sine = s, *cosine = c;
    break;
  case 1:
    *sine = c, *cosine = -s;
    break;
  case 2:
    *sine = -s, *cosine = -c;
    break;
  default:
    *sine = -c, *cosine = s;
    break;
  }
}
