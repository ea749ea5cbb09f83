/** What people read as text, by MLflow's list: names without a dot are looked up whole. */
const TEXT = new Set(
  "txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst MLmodel MLproject mlproject".split(
    " ",
  ),
);

/** Of the media types that IANA lists, those that runs and models keep. */
const TYPES: Readonly<Record<string, string>> = {
  ...{ png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif" },
  ...{ webp: "image/webp", svg: "image/svg+xml", bmp: "image/bmp", ico: "image/x-icon" },
  ...{ tif: "image/tiff", tiff: "image/tiff", avif: "image/avif", heic: "image/heic" },
  ...{ html: "text/html", htm: "text/html", css: "text/css", mjs: "text/javascript" },
  ...{ pdf: "application/pdf", ps: "application/postscript", rtf: "application/rtf" },
  ...{ zip: "application/zip", gz: "application/gzip", tar: "application/x-tar" },
  ...{ bz2: "application/x-bzip2", "7z": "application/x-7z-compressed" },
  ...{ mp3: "audio/mpeg", wav: "audio/x-wav", ogg: "audio/ogg", flac: "audio/flac" },
  ...{ mp4: "video/mp4", webm: "video/webm", mov: "video/quicktime", avi: "video/x-msvideo" },
  ...{ ipynb: "application/x-ipynb+json", geojson: "application/geo+json" },
  ...{ parquet: "application/vnd.apache.parquet", arrow: "application/vnd.apache.arrow.file" },
  ...{ doc: "application/msword", xls: "application/vnd.ms-excel", wasm: "application/wasm" },
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
};

/** By the end of the name alone: what the uploader said of the type is not repeated to a browser. */
export function mediaTypeOf(name: string): string {
  const dot = name.lastIndexOf(".");
  const end = dot > 0 ? name.slice(dot + 1) : name;
  if (TEXT.has(end)) return "text/plain";
  const type = dot > 0 ? TYPES[end.toLowerCase()] : undefined;
  return type ?? "application/octet-stream";
}

/** Longer headers are not read by every client; who asks for a file knows its name anyway. */
const MAX_ENCODED = 3000;

/** `Content-Disposition` (RFC 6266): a browser keeps the file instead of showing it as a page of this server. */
export function attachment(name: string): string {
  if (/^[\w!#$&+.^`|~-]+$/.test(name)) return `attachment; filename=${name}`;
  const plain = name.replace(/[^ -~]|["\\%]/gu, "_").slice(0, 200);
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const exact = encoded.length > MAX_ENCODED ? "" : `; filename*=UTF-8''${encoded}`;
  return `attachment; filename="${plain}"${exact}`;
}
