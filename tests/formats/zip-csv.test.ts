// zip-csv.test.ts — the exported folder as a zip and back, zips that must not be unpacked, and RFC 4180.
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { toCsv } from "../../src/formats/csv.ts";
import { FormatError } from "../../src/formats/error.ts";
import { readZip, zipFolder } from "../../src/formats/zip.ts";

describe("zip", () => {
  const weights = new Uint8Array(5_000);
  const zip = zipFolder({ "adapter/adapter_model.safetensors": weights, "README.md": "text ".repeat(1_000) });

  it("round-trips; weights are stored, text is deflated", () => {
    const files = readZip(zip);
    expect([...files.keys()].sort()).toEqual(["README.md", "adapter/adapter_model.safetensors"]);
    expect(files.get("adapter/adapter_model.safetensors")).toEqual(weights);
    expect(new TextDecoder().decode(files.get("README.md"))).toBe("text ".repeat(1_000));
    expect(zip.length).toBeGreaterThan(5_000);
    expect(zip.length).toBeLessThan(6_000);
  });

  it.each(["../a", "a/../../b", "/etc/passwd", "a\\b", "C:a", "a//b", "./a", "__proto__/a"])("refuses the path %s, in and out", (path) => {
    expect(() => readZip(zipSync({ [path]: new Uint8Array(1) }))).toThrow(/is not a safe path/);
    expect(() => zipFolder({ [path]: "x" })).toThrow(FormatError);
  });

  it("keeps limits before it inflates", () => {
    expect(() => readZip(zip, { files: 1, bytes: 1e9 })).toThrow(/more than 1 files/);
    expect(() => readZip(zip, { files: 9, bytes: 9_999 })).toThrow(/inflates to more than 9,999 bytes/);
  });

  it("inflates, and counts, only what is wanted", () => {
    const damaged = zip.slice();
    damaged[100] ^= 1; // in the weights
    expect(() => readZip(damaged)).toThrow(/adapter_model\.safetensors" is damaged/);
    expect([...readZip(damaged, { files: 9, bytes: 5_000 }, "zip", (path) => path === "README.md").keys()]).toEqual(["README.md"]);
  });

  it.each([
    [24, 10],
    [24, 9_999],
    [24, 10_001],
    [20, 5],
    [16, 1],
    [42, 7],
  ])("refuses a directory that lies (field %i)", (field, value) => {
    const lying = zipFolder({ "a.txt": "a".repeat(10_000) });
    const view = new DataView(lying.buffer);
    const directory = view.getUint32(lying.length - 22 + 16, true);
    view.setUint32(directory + field, value, true);
    expect(() => readZip(lying)).toThrow(FormatError);
  });

  it("reads a zip of the Python standard library, with a folder and a comment", () => {
    // python3: zipfile.ZipFile, writestr("d/", ""), writestr("d/ä.txt", "hallo" * 3, ZIP_DEFLATED), comment b"note"
    const base64 =
      "UEsDBBQAAAAAANCxeF0AAAAAAAAAAAAAAAACAAAAZC9QSwMEFAAACAgA0LF4XUv9A/UJAAAADwAAAAgAAABkL8OkLnR4dMtIzMnJz4ATAFBLAQIUAxQAAAAAANCxeF0AAAAAAAAAAAAAAAACAAAAAAAAAAAAEAD9QQAAAABkL1BLAQIUAxQAAAgIANCxeF1L/QP1CQAAAA8AAAAIAAAAAAAAAAAAAACAASAAAABkL8OkLnR4dFBLBQYAAAAAAgACAGYAAABPAAAABABub3Rl";
    const files = readZip(new Uint8Array(Buffer.from(base64, "base64")));
    expect([...files].map(([path, content]) => [path, new TextDecoder().decode(content)])).toEqual([["d/ä.txt", "hallohallohallo"]]);
  });

  it("random changes throw nothing but FormatError", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: zip.length - 1 }), fc.nat({ max: 255 })), { maxLength: 5 }),
        fc.nat({ max: zip.length }),
        (changes, length) => {
          const bytes = zip.slice(0, length % 3 ? zip.length : length);
          for (const [at, to] of changes) if (at < bytes.length) bytes[at] = to;
          try {
            readZip(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("csv", () => {
  it("quotes as RFC 4180 says", () => {
    const rows = [
      { step: 1, loss: 0.1 + 0.2, note: 'say "hi", twice\nor not' },
      { step: 2, loss: null },
    ];
    expect(toCsv(rows, ["step", "loss", "note"])).toBe('step,loss,note\r\n1,0.30000000000000004,"say ""hi"", twice\nor not"\r\n2,,\r\n');
    expect(toCsv([], ["a", "b"])).toBe("a,b\r\n");
    expect(toCsv([{ a: " x" }], ["a"])).toBe('a\r\n" x"\r\n');
  });
});
