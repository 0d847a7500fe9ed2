// The real control plane that `cargo xtask test browser` starts: kubectl, plain API requests, a raw watch, and faults.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import https from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { required } from "./environment.mjs";

const dir = required("KUBILITICS_TEST_CONTROL_PLANE");
const state = JSON.parse(readFileSync(join(dir, "state.json"), "utf8"));

export const kubeconfig = (user = "admin") => state.kubeconfigs[user];

/** Runs kubectl as admin; `input` goes to its standard input. */
export const kubectl = async (args, input) => {
  const env = { ...process.env, KUBECACHEDIR: join(dir, "kubectl-cache") };
  const options = { env, maxBuffer: 64 * 1024 * 1024 };
  const running = promisify(execFile)(state.kubectl, ["--kubeconfig", kubeconfig(), ...args], options);
  running.child.stdin.end(input ?? "");
  return (await running).stdout;
};

export const apply = (...objects) =>
  kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));

/** Makes a namespace that no other story uses, and waits until Pods can be made in it. */
export const namespace = async (prefix) => {
  const name = `${prefix}-${Math.random().toString(36).slice(2, 8)}`;
  await kubectl(["create", "namespace", name]);
  await kubectl(["wait", "--for=create", "serviceaccount/default", "-n", name, "--timeout=30s"]);
  return name;
};

/** Kills kube-apiserver with SIGKILL. */
export const stopApiServer = () => fault("stop-api-server");
/** Starts it again on the same port, and waits until it is ready. */
export const startApiServer = () => fault("start-api-server");

const fault = async (word) => {
  const socket = connect(required("KUBILITICS_TEST_FAULTS"));
  socket.end(word);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  if (answer !== "ok") throw new Error(`the control plane did not ${word}: ${answer || "no answer"}`);
};

let connection;
const agent = async () => {
  connection ??= kubectl(["config", "view", "--raw", "-o", "json"]).then((text) => {
    const config = JSON.parse(text);
    const pem = (base64) => Buffer.from(base64, "base64");
    const { user } = config.users[0];
    return new https.Agent({
      keepAlive: true,
      ca: pem(config.clusters[0].cluster["certificate-authority-data"]),
      cert: pem(user["client-certificate-data"]),
      key: pem(user["client-key-data"]),
    });
  });
  return connection;
};

const send = async (method, path, body, type = "application/json") => {
  const options = { method, agent: await agent(), headers: { "content-type": type } };
  return new Promise((resolve, reject) => {
    const request = https.request(state.server + path, options, resolve);
    request.on("error", reject);
    request.end(body && JSON.stringify(body));
  });
};

/** A request to the API server itself, as admin, without kubectl's start-up time. */
export const api = async (method, path, body, type) => {
  const response = await send(method, path, body, type);
  let text = "";
  for await (const chunk of response) text += chunk;
  if (response.statusCode >= 300) throw new Error(`${method} ${path} answered ${response.statusCode}: ${text}`);
  return JSON.parse(text);
};

/** Watches a collection and hands each event over as it arrives. Returns a function that ends the watch. */
export const watch = async (path, onEvent) => {
  const { metadata } = await api("GET", path);
  const response = await send("GET", `${path}?watch=1&resourceVersion=${metadata.resourceVersion}`);
  createInterface({ input: response }).on("line", (line) => onEvent(JSON.parse(line)));
  response.on("error", () => {});
  return () => response.destroy();
};

export const deployment = (namespace, name, replicas) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { namespace, name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "main", image: "registry.example/main:1" }] },
    },
  },
});
