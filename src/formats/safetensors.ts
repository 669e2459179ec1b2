// safetensors.ts — the door to safetensors files: open a checkpoint, read a header, write a file.

export { openSafetensors, type Checkpoint } from "./checkpoint.ts";
export type { Dtype } from "./dtype.ts";
export { readSafetensorsHeader, type SafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";
export { writeSafetensors, type TensorData } from "./safetensors-write.ts";
export { blobSource, bytesSource, type ByteSource } from "./source.ts";
