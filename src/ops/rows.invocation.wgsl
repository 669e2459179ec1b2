// rows.invocation.wgsl — reductions along a row by one invocation: no barrier, for software rasterisers. Put before a kernel that works row by row;
// its twin is rows.workgroup.wgsl. An invocation owns the vec4s lane, lane + LANES, … of its row.
const ROWS = 16u;
const LANES = 1u;

fn rowOf(group: u32, t: u32) -> u32 { return group * ROWS + t; }

/** Sum over the row of what its invocations bring. */
fn total(v: vec4f, lane: u32) -> f32 { return dot(v, vec4f(1)); }
