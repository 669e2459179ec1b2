// adamw.step.wgsl — step += 1 for every active segment, after adamw.wgsl has read it. table (S, 8) as two vec4u per segment:
// [offset, length, active, step], [lrScale, weightDecay, 0, 0]. One invocation per segment. dims: segments (S).
struct Dims { segments: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> table: array<vec4u>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < dims.segments && table[2 * id.x].z != 0) { table[2 * id.x].w++; }
}
