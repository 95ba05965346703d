// Builds the script and the style sheet of the panel: node build.mjs OUTDIR
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const target = ["chrome111", "firefox113", "safari16.4"];

// A digest of the sources in the first line shows without npm whether the built files are theirs.
export function digest() {
  const hash = createHash("sha256");
  for (const [folder, kind] of [["src", ""], ["../words", ".json"]]) {
    for (const name of readdirSync(join(here, folder)).sort()) {
      if (name.endsWith(kind)) hash.update(`${name}\n`).update(readFileSync(join(here, folder, name)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

const minified = async (text) => (await transform(text, { loader: "css", minify: true, target })).code.trim();

const styles = {
  name: "styles",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => ({
      contents: await minified(readFileSync(path, "utf8")),
      loader: "text",
    }));
  },
};

// Reasons come translated from the server: the script has the labels only.
const labels = {
  name: "labels",
  setup({ onLoad }) {
    onLoad({ filter: /words\/\w+\.json$/ }, ({ path }) => ({
      contents: JSON.stringify({ labels: JSON.parse(readFileSync(path, "utf8")).labels }),
      loader: "json",
    }));
  },
};

const out = process.argv[2];
mkdirSync(out, { recursive: true });
const banner = `/* lookalike-panel, Apache-2.0, sources ${digest()} */`;
await build({
  entryPoints: [join(here, "src/index.js")],
  outfile: join(out, "lookalike-panel.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target,
  charset: "utf8",
  legalComments: "none",
  banner: { js: banner },
  plugins: [styles, labels],
});
const sheet = await minified(readFileSync(join(here, "src/panel.css"), "utf8"));
writeFileSync(join(out, "lookalike-panel.css"), `${banner}\n${sheet}\n`);
