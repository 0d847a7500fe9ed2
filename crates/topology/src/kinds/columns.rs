//! kubectl's columns of each kind: names, order and priority as the API server's Table gives them.

use model::list::{Column, ColumnFormat};
use std::borrow::Cow::Borrowed;

pub(super) const fn name() -> Column {
    Column {
        name: Borrowed("Name"),
        format: ColumnFormat::Name,
        priority: 0,
        description: Borrowed("Name of the object"),
    }
}

const fn age() -> Column {
    date("Age", "Time since the object was made")
}

const fn date(name: &'static str, description: &'static str) -> Column {
    Column {
        name: Borrowed(name),
        format: ColumnFormat::Date,
        priority: 0,
        description: Borrowed(description),
    }
}

const fn text(name: &'static str, description: &'static str) -> Column {
    Column {
        name: Borrowed(name),
        format: ColumnFormat::Text,
        priority: 0,
        description: Borrowed(description),
    }
}

const fn number(name: &'static str, description: &'static str) -> Column {
    Column {
        name: Borrowed(name),
        format: ColumnFormat::Number,
        priority: 0,
        description: Borrowed(description),
    }
}

const fn wide(name: &'static str, description: &'static str) -> Column {
    Column {
        name: Borrowed(name),
        format: ColumnFormat::Text,
        priority: 1,
        description: Borrowed(description),
    }
}

const CONTAINERS: Column = wide("Containers", "Names of the containers in the template");
const IMAGES: Column = wide("Images", "Images of the containers in the template");
const SELECTOR: Column = wide("Selector", "Labels that its pods must have");

pub(super) const NAMESPACE: &[Column] = &[name(), text("Status", "Active or Terminating"), age()];

pub(super) const NODE: &[Column] = &[
    name(),
    text("Status", "Ready, and whether pods may be scheduled"),
    text("Roles", "From the labels node-role.kubernetes.io/..."),
    age(),
    text("Version", "Version of the kubelet"),
    wide("Internal-IP", "Address inside the cluster"),
    wide("External-IP", "Address from outside"),
    wide("OS-Image", "Operating system"),
    wide("Kernel-Version", "Version of the kernel"),
    wide("Container-Runtime", "Container runtime and its version"),
];

pub(super) const POD: &[Column] = &[
    name(),
    text("Ready", "Ready containers of all containers"),
    text("Status", "What the pod is doing"),
    number("Restarts", "Restarts of its containers, and when the last was"),
    age(),
    wide("IP", "Address of the pod"),
    wide("Node", "Node it runs on"),
    wide("Nominated Node", "Node that a preempting pod waits for"),
    wide("Readiness Gates", "Gates that are true of all gates"),
];

pub(super) const REPLICA_SET: &[Column] = &[
    name(),
    number("Desired", "Pods that should be"),
    number("Current", "Pods that are"),
    number("Ready", "Pods that are ready"),
    age(),
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

pub(super) const DEPLOYMENT: &[Column] = &[
    name(),
    text("Ready", "Ready pods of the desired"),
    number("Up-to-date", "Pods of the latest template"),
    number("Available", "Pods that have been ready long enough"),
    age(),
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

pub(super) const STATEFUL_SET: &[Column] = &[
    name(),
    text("Ready", "Ready pods of the desired"),
    age(),
    CONTAINERS,
    IMAGES,
];

pub(super) const DAEMON_SET: &[Column] = &[
    name(),
    number("Desired", "Nodes that should run a pod"),
    number("Current", "Nodes that run a pod"),
    number("Ready", "Pods that are ready"),
    number("Up-to-date", "Pods of the latest template"),
    number("Available", "Pods that have been ready long enough"),
    text("Node Selector", "Labels of the nodes it runs on"),
    age(),
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

pub(super) const JOB: &[Column] = &[
    name(),
    text("Status", "Running, Complete, Failed or Suspended"),
    text("Completions", "Pods that succeeded of those that must"),
    text("Duration", "Time from start to completion, or to now"),
    age(),
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

pub(super) const CRON_JOB: &[Column] = &[
    name(),
    text("Schedule", "When it runs, in cron's format"),
    text("Timezone", "Time zone of the schedule"),
    text("Suspend", "Whether it is suspended"),
    number("Active", "Jobs that are running"),
    date("Last Schedule", "When it last ran"),
    age(),
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

pub(super) const SERVICE: &[Column] = &[
    name(),
    text("Type", "ClusterIP, NodePort, LoadBalancer or ExternalName"),
    text("Cluster-IP", "Address inside the cluster"),
    text("External-IP", "Addresses from outside"),
    text("Port(s)", "Ports it listens on"),
    age(),
    wide("Selector", "Labels of the pods it sends to"),
];

pub(super) const ENDPOINT_SLICE: &[Column] = &[
    name(),
    text("AddressType", "IPv4, IPv6 or FQDN"),
    text("Ports", "Ports of the endpoints"),
    text("Endpoints", "Addresses of the endpoints"),
    age(),
];

pub(super) const INGRESS: &[Column] = &[
    name(),
    text("Class", "Class of the controller that serves it"),
    text("Hosts", "Hosts of its rules"),
    text("Address", "Where it is reached"),
    text("Ports", "80, and 443 with TLS"),
    age(),
];

pub(super) const CONFIG_MAP: &[Column] = &[name(), number("Data", "Number of keys"), age()];

pub(super) const SECRET: &[Column] = &[
    name(),
    text("Type", "What the Secret holds"),
    number("Data", "Number of keys"),
    age(),
];

pub(super) const SERVICE_ACCOUNT: &[Column] = &[name(), age()];

pub(super) const CLAIM: &[Column] = &[
    name(),
    text("Status", "Pending, Bound or Lost"),
    text("Volume", "Volume it is bound to"),
    text("Capacity", "Size of the volume"),
    text("Access Modes", "How it may be mounted"),
    text("StorageClass", "Class it asks for"),
    text("VolumeAttributesClass", "Class of the volume's attributes"),
    age(),
    wide("VolumeMode", "Filesystem or Block"),
];

pub(super) const VOLUME: &[Column] = &[
    name(),
    text("Capacity", "Size"),
    text("Access Modes", "How it may be mounted"),
    text("Reclaim Policy", "What happens when its claim goes"),
    text("Status", "Available, Bound, Released or Failed"),
    text("Claim", "Claim it is bound to"),
    text("StorageClass", "Class it belongs to"),
    text("VolumeAttributesClass", "Class of the volume's attributes"),
    text("Reason", "Why it is in this state"),
    age(),
    wide("VolumeMode", "Filesystem or Block"),
];

const CREATED_AT: Column = date("Created At", "When it was made");

pub(super) const CREATED: &[Column] = &[name(), CREATED_AT];

pub(super) const REPLICATION_CONTROLLER: &[Column] = REPLICA_SET;

pub(super) const AUTOSCALER: &[Column] = &[
    name(),
    text("Reference", "What it scales"),
    text("Targets", "Measured and wanted"),
    text("MinPods", "Fewest pods"),
    text("MaxPods", "Most pods"),
    text("Replicas", "Pods there are"),
    age(),
];

pub(super) const BUDGET: &[Column] = &[
    name(),
    text("Min Available", "Pods that must stay"),
    text("Max Unavailable", "Pods that may go"),
    number("Allowed Disruptions", "Pods that may go now"),
    age(),
];

pub(super) const NETWORK_POLICY: &[Column] = &[name(), text("Pod-Selector", "Pods it applies to"), age()];

pub(super) const INGRESS_CLASS: &[Column] = &[
    name(),
    text("Controller", "Who serves it"),
    text("Parameters", "What configures it"),
    age(),
];

pub(super) const STORAGE_CLASS: &[Column] = &[
    name(),
    text("Provisioner", "Who makes its volumes"),
    text("ReclaimPolicy", "What happens when a claim goes"),
    text("VolumeBindingMode", "When a volume is made"),
    text("AllowVolumeExpansion", "Whether claims may grow"),
    age(),
];

pub(super) const PRIORITY_CLASS: &[Column] = &[
    name(),
    number("Value", "The higher, the sooner"),
    text("Global-Default", "Whether pods without a class have it"),
    age(),
    text("PreemptionPolicy", "Whether other pods make way"),
];

pub(super) const RUNTIME_CLASS: &[Column] = &[name(), text("Handler", "Name on the nodes"), age()];

pub(super) const ATTACHMENT: &[Column] = &[
    name(),
    text("Attacher", "Driver that attaches"),
    text("PV", "Volume"),
    text("Node", "Node"),
    text("Attached", "Whether it is"),
    age(),
];

pub(super) const CSI_DRIVER: &[Column] = &[
    name(),
    text("AttachRequired", "Volumes must be attached"),
    text("PodInfoOnMount", "Told of the pod"),
    text("StorageCapacity", "Capacity counts in scheduling"),
    text("TokenRequests", "Audiences of its tokens"),
    text("RequiresRepublish", "Called again and again"),
    text("Modes", "Kinds of volumes"),
    age(),
];

pub(super) const CSI_NODE: &[Column] = &[name(), number("Drivers", "Drivers on the node"), age()];

pub(super) const BINDING: &[Column] = &[
    name(),
    text("Role", "Role it grants"),
    age(),
    wide("Users", "To users"),
    wide("Groups", "To groups"),
    wide("ServiceAccounts", "To service accounts"),
];

pub(super) const QUOTA: &[Column] = &[
    name(),
    text("Request", "Used of allowed"),
    text("Limit", "Limits used of allowed"),
    age(),
];

pub(super) const WEBHOOKS: &[Column] = &[name(), number("Webhooks", "Number of webhooks"), age()];

pub(super) const VALIDATING_POLICY: &[Column] = &[
    name(),
    number("Validations", "Number of rules"),
    text("ParamKind", "Kind of its parameters"),
    age(),
];

pub(super) const MUTATING_POLICY: &[Column] = &[
    name(),
    number("Mutations", "Number of changes"),
    text("ParamKind", "Kind of its parameters"),
    age(),
];

pub(super) const POLICY_BINDING: &[Column] = &[
    name(),
    text("PolicyName", "Policy it puts in force"),
    text("ParamRef", "Its parameters"),
    age(),
];

pub(super) const API_SERVICE: &[Column] = &[
    name(),
    text("Service", "Who serves it"),
    text("Available", "Whether it answers"),
    age(),
];

pub(super) const LEASE: &[Column] = &[name(), text("Holder", "Who holds it"), age()];

pub(super) const EVENT: &[Column] = &[
    name(),
    date("Last Seen", "When it last happened"),
    text("Type", "Normal or Warning"),
    text("Reason", "What happened, in a word"),
    text("Object", "What it happened to"),
    wide("Subobject", "Which part of it"),
    wide("Source", "Who says so"),
    text("Message", "What happened"),
    Column {
        name: Borrowed("First Seen"),
        format: ColumnFormat::Date,
        priority: 1,
        description: Borrowed("When it first happened"),
    },
    wide("Count", "How often"),
];

pub(super) const EXTENSION: &[Column] = &[name(), text("Ready", "Whether it is as it should be"), age()];
