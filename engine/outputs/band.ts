/** Distance of P05 and P95 from the mean of a normal distribution, in standard deviations. */
export const P95_SIGMA = 1.6448536269514722
