// layer-norm.backward.wgsl — dx = rstd · (g − mean(g) − x̂ · mean(g·x̂)) [+ addend], g = dy·w, x̂ = (x − mean) · rstd. Behind rows.*.wgsl.
// dy, x, addend (rows, C), w (C), stats (rows): mean, rstd → dx (rows, C). dims: rows, columns (C / 4), addend (1: add it; 0: its binding is not read).
struct Dims { rows: u32, columns: u32, addend: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> w: array<vec4f>;
@group(0) @binding(4) var<storage, read> stats: array<vec2f>;
@group(0) @binding(5) var<storage, read> addend: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(ROWS * LANES)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = rowOf(group.y * groups.x + group.x, t);
  if (row >= dims.rows) { return; }
  let lane = t % LANES;
  let start = row * dims.columns;
  let width = f32(dims.columns * 4);
  let mean = stats[row].x;
  let rstd = stats[row].y;
  var sum = vec4f();
  var products = vec4f();
  for (var c = lane; c < dims.columns; c += LANES) {
    let g = dy[start + c] * w[c];
    sum += g;
    products += g * (x[start + c] - mean) * rstd;
  }
  let meanG = total(sum, lane) / width;
  let pull = total(products, lane) / width;
  for (var c = lane; c < dims.columns; c += LANES) {
    var d = rstd * (dy[start + c] * w[c] - meanG - (x[start + c] - mean) * rstd * pull);
    if (dims.addend != 0u) { d += addend[start + c]; }
    dx[start + c] = d;
  }
}
