// A server of a story's own.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { kubeconfig } from "./control-plane.mjs";
import { required } from "./environment.mjs";
import { until } from "./until.mjs";

// Nothing that configures the server of whoever runs the stories may reach these.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("KUBILITICS_")));

/** Starts a server on any free port with an empty data folder, and waits until it is ready and has synced. It has the
 * kubeconfig of a user of the control plane, or, with `null`, none at all. */
export const startServer = async (user = "admin") => {
  const home = await mkdtemp(join(tmpdir(), "kubilitics-story-"));
  const data = join(home, "data");
  const log = join(home, "log");
  const args = ["serve", "--addr", "127.0.0.1:0", "--data-dir", data, "--no-open"];
  if (user !== null) args.push("--kubeconfig", kubeconfig(user));
  const nobody = { ...env, HOME: home, KUBECONFIG: "" };
  const options = { env: user === null ? nobody : env, stdio: ["ignore", "pipe", "pipe"] };
  const child = spawn(required("KUBILITICS_TEST_SERVER"), args, options);
  child.stderr.pipe(createWriteStream(log));
  const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  const logTail = async () => (await readFile(log, "utf8").catch(() => "")).split("\n").slice(-30).join("\n");

  const stop = async () => {
    child.kill("SIGTERM");
    const status = await exited;
    await rm(home, { recursive: true, force: true });
    if (status !== 0) throw new Error(`the server ended with ${status} after SIGTERM`);
  };
  const origin = await Promise.race([readyAt(child), exited]);
  if (typeof origin !== "string" || !origin.startsWith("http")) {
    throw new Error(`the server ended (${origin}) instead of getting ready; its log:\n${await logTail()}`);
  }

  const token = (await readFile(join(data, "token"), "utf8")).trim();
  /** A request as a script; the answer's JSON. */
  const request = async (path, options) => {
    const response = await fetch(origin + path, { headers: { authorization: `Bearer ${token}` }, ...options });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const synced = until("the server has listed every kind of the cluster", async () => {
    const [first] = (await request("/api/v1/clusters")).items;
    return first?.status === "connected" && first.sync.complete && first.id;
  });
  const cluster = await synced.catch(async (error) => {
    console.error(`The server's log ends with:\n${await logTail()}`);
    await stop();
    throw error;
  });

  return {
    origin,
    /** The id of its one cluster. */
    cluster,
    request,
    logTail,
    stop,
    /** A link that signs a browser in. */
    link: async () => (await request("/api/v1/link", { method: "POST" })).url,
    /** What it holds in memory, in megabytes. */
    residentMegabytes: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) / 1024;
    },
  };
};

/** The address in the one line that the server prints. */
const readyAt = (child) =>
  new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /^Kubilitics is ready: (\S+)$/.exec(line)?.[1];
      if (url) resolve(new URL(url).origin);
    });
  });
