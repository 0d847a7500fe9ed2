// The pages that every look at "all pages" goes through, and something to see on them.
import { apply, deployment, kubectl, namespace } from "./control-plane.mjs";
import { until } from "./until.mjs";

/** A namespace with what pages have to cope with: healthy, crashing and unpullable pods, a reference to nothing. */
export const scenery = async (server) => {
  const ns = await namespace("scene");
  const broken = (name, state) => {
    const object = deployment(ns, name, 2);
    object.spec.template.metadata.annotations = { "kubilitics.test/state": state };
    return object;
  };
  const cart = deployment(ns, "cart", 3);
  cart.spec.template.spec.containers[0].envFrom = [{ configMapRef: { name: "cart-settings" } }];
  await apply(
    cart,
    broken("payments", "crash-loop"),
    broken("mailer", "image-pull-back-off"),
    { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: ns, name: "web-settings" }, data: { colour: "violet" } },
    { apiVersion: "v1", kind: "Service", metadata: { namespace: ns, name: "cart" }, spec: { selector: { app: "cart" }, ports: [{ port: 80 }] } },
  );
  await kubectl(["wait", "--for=condition=Available", "deployment/cart", "-n", ns, "--timeout=60s"]);
  await until("the server has seen all pods, the broken ones too", async () => {
    const path = `/api/v1/clusters/${server.cluster}/resources/pods?namespace=${ns}`;
    const { items } = await server.request(path);
    return items.length === 7 && items.filter(({ health }) => health === "unhealthy").length === 4;
  });
  const [pod] = JSON.parse(await kubectl(["get", "pods", "-n", ns, "-l", "app=payments", "-o", "json"])).items;
  return { ns, crashing: `Pod/${ns}/${pod.metadata.name}` };
};

/** Name and path of each page. */
export const pages = ({ cluster }, { ns, crashing }) => ({
  clusters: "/clusters",
  topology: `/c/${cluster}/topology?ns=${ns}`,
  "topology-selected": `/c/${cluster}/topology?ns=${ns}&sel=${crashing}`,
  tree: `/c/${cluster}/topology?ns=${ns}&view=tree`,
  map: `/c/${cluster}/map?ns=${ns}`,
  pods: `/c/${cluster}/pods?ns=${ns}`,
  "pods-selected": `/c/${cluster}/pods?ns=${ns}&sel=${crashing}`,
  "pods-none": `/c/${cluster}/pods?ns=${ns}&q=no-such-pod`,
  deployments: `/c/${cluster}/deployments.apps?ns=${ns}`,
  nodes: `/c/${cluster}/nodes`,
  search: `/c/${cluster}/search?ns=${ns}&q=cart`,
  "search-none": `/c/${cluster}/search?q=no-such-word`,
  diagnostics: `/c/${cluster}/diagnostics`,
  "no-such-cluster": "/c/no-such-cluster/topology",
  "no-such-kind": `/c/${cluster}/no-such-kind`,
});

/** Pages that answer with an error, which Chromium puts on the console. */
export const isError = (name) => name.startsWith("no-such-");
