// jacob-cov.ts — −Σ [log(v + 1e-5) + 1 / (v + 1e-5)] over the eigenvalues v of the correlations between the rows' input gradients: how differently
// a network answers to different rows. One number per network: it cannot rank sites. Mellor et al. 2021, https://arxiv.org/abs/2006.04647

import type { Figure } from "./proxy.ts";

const K = 1e-5;

export const jacobCov: Figure = {
  name: "jacob-cov",
  title: "Jacobian covariance",
  help: "How differently the network answers to different rows. One number for the whole network: it cannot rank modules.",
  paper: "2006.04647",
  probe: "inputs",
  passes: (k) => k,
  async figure(probe) {
    const values = eigenvalues(correlations(await probe.inputGradients()));
    return -values.reduce((sum, v) => sum + Math.log(v + K) + 1 / (v + K), 0);
  },
};

/** Pearson's correlation of every two rows (n, n); rows may differ in length and count as 0 past their end. */
export function correlations(rows: readonly Float32Array[]): Float64Array[] {
  const length = Math.max(...rows.map((r) => r.length));
  const centred = rows.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / length;
    return Float64Array.from({ length }, (_, i) => (row[i] ?? 0) - mean);
  });
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const norms = centred.map((row) => Math.sqrt(dot(row, row)));
  return centred.map((a, i) => Float64Array.from(centred, (b, j) => dot(a, b) / (norms[i] * norms[j])));
}

/** Of a symmetric matrix, by Jacobi's rotations. */
export function eigenvalues(matrix: readonly Float64Array[]): number[] {
  const a = matrix.map((row) => row.slice());
  const n = a.length;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = 0; q < p; q++) off += a[p][q] ** 2;
    if (off < 1e-22 * n) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta ** 2 + 1));
        const c = 1 / Math.sqrt(t ** 2 + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
        for (let k = 0; k < n; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
      }
  }
  return a.map((row, i) => row[i]);
}
