/**
 * What we are compared with on Node: a bare JSON echo, and the obvious server (one run of ONNX Runtime a request).
 *   node plain.mjs echo|ort <port> <processes> <model.onnx>
 * Takes {"inputs":[{name,shape,datatype,data}]}, one matrix or one tensor a column; answers the output tensors the same way.
 */
import cluster from "node:cluster";
import { createServer } from "node:http";

const [kind, port, processes, file] = process.argv.slice(2);

if (cluster.isPrimary && Number(processes) > 1) {
  for (let i = 0; i < Number(processes); i++) cluster.fork();
} else {
  const answer = kind === "echo" ? async (body) => body : await ort();
  createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      try {
        const body = JSON.parse(Buffer.concat(chunks).toString());
        const text = JSON.stringify(await answer(body));
        response.writeHead(200, {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(text),
        });
        response.end(text);
      } catch (error) {
        response.writeHead(400).end(String(error));
      }
    });
  }).listen(Number(port), "127.0.0.1");
}

async function ort() {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await InferenceSession.create(file, options);
  const fetches = session.outputMetadata.filter((one) => one.isTensor).map((one) => one.name);
  const types = new Map(session.inputMetadata.map((input) => [input.name, input.type]));
  return async ({ inputs }) => {
    const feeds = {};
    for (const { name, shape, data } of inputs) {
      const type = types.get(name);
      const values = type === "string" ? data : Float32Array.from(data);
      feeds[name] = new Tensor(type, values, shape);
    }
    const results = await session.run(feeds, fetches);
    return {
      outputs: fetches.map((name) => ({
        name,
        shape: results[name].dims,
        data: Array.from(results[name].data, (value) =>
          typeof value === "bigint" ? Number(value) : value,
        ),
      })),
    };
  };
}
