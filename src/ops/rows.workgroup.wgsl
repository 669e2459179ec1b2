// rows.workgroup.wgsl — reductions along a row by one workgroup: partial sums meet in workgroup memory, as a tree. Put before a kernel that works
// row by row; its twin is rows.invocation.wgsl. An invocation owns the vec4s lane, lane + LANES, … of its row.
const ROWS = 1u;
const LANES = 64u;
var<workgroup> part: array<f32, LANES>;

fn rowOf(group: u32, t: u32) -> u32 { return group; }

/** Sum over the row of what its invocations bring. All invocations of the workgroup call it. */
fn total(v: vec4f, lane: u32) -> f32 {
  workgroupBarrier(); // the sum before this one has been read
  part[lane] = dot(v, vec4f(1));
  for (var half = LANES / 2; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { part[lane] += part[lane + half]; }
  }
  workgroupBarrier();
  return part[0];
}
