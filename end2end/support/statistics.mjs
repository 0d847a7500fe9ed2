/** A percentile (0 to 100) by nearest rank. */
export const percentile = (values, percent) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
};

export const summary = (values) =>
  ["50", "99"].map((percent) => `p${percent} ${percentile(values, Number(percent)).toFixed(0)} ms`).join(", ");
