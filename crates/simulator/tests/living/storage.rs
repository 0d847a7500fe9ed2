//! Volumes that administrators make, and what becomes of them.

use serde_json::json;

use crate::cluster::Cluster;

const VOLUMES: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: gold, labels: {tier: gold}}
spec: {accessModes: [ReadWriteOnce], capacity: {storage: 5Gi}, storageClassName: manual, hostPath: {path: /d}, persistentVolumeReclaimPolicy: Retain}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: shared}
spec: {accessModes: [ReadWriteMany], capacity: {storage: 2Gi}, storageClassName: manual, hostPath: {path: /d}, persistentVolumeReclaimPolicy: Delete}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: kept}
spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, storageClassName: manual, hostPath: {path: /d}, claimRef: {namespace: default, name: named}}
---
";

fn claim(name: &str, mode: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\nspec: {{accessModes: [{mode}], \
         storageClassName: manual, resources: {{requests: {{storage: 1Gi}}}}{more}}}\n---\n"
    )
}

async fn volume_of(cluster: &Cluster, claim: &str) -> String {
    let path = format!("api/v1/namespaces/default/persistentvolumeclaims/{claim}");
    let claim = cluster.get(&path).await;
    format!(
        "{} {}",
        claim["status"]["phase"].as_str().unwrap_or_default(),
        claim["spec"]["volumeName"].as_str().unwrap_or("-")
    )
}

async fn phase(cluster: &Cluster, volume: &str) -> String {
    let volume = cluster.get(&format!("api/v1/persistentvolumes/{volume}")).await;
    volume["status"]["phase"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn claims_get_volumes_that_have_what_they_ask_for() {
    let claims = claim("a", "ReadWriteMany", "")
        + &claim("b", "ReadWriteOnce", ", selector: {matchLabels: {tier: gold}}")
        + &claim("c", "ReadWriteOnce", ", selector: {matchLabels: {tier: lead}}")
        + &claim("d", "ReadWriteOnce", ", volumeMode: Block")
        + &claim("named", "ReadWriteOnce", "");
    let cluster = Cluster::of(&format!("{VOLUMES}{claims}")).await;
    cluster.running.pass(5);
    assert_eq!(volume_of(&cluster, "a").await, "Bound shared");
    assert_eq!(volume_of(&cluster, "b").await, "Bound gold");
    assert_eq!(volume_of(&cluster, "c").await, "Pending -");
    assert_eq!(volume_of(&cluster, "d").await, "Pending -");
    assert_eq!(
        volume_of(&cluster, "named").await,
        "Bound kept",
        "it was reserved by name"
    );
}

#[tokio::test]
async fn a_volume_that_lost_its_claim_is_kept_or_cannot_be_deleted() {
    let claims = claim("a", "ReadWriteMany", "") + &claim("b", "ReadWriteOnce", "");
    let cluster = Cluster::of(&format!("{VOLUMES}{claims}")).await;
    cluster.running.pass(5);
    assert_eq!(phase(&cluster, "kept").await, "Available");
    for name in ["a", "b"] {
        let path = format!("api/v1/namespaces/default/persistentvolumeclaims/{name}");
        cluster.ask("DELETE", &path, "application/json", &json!({})).await;
    }
    cluster.running.pass(10);
    assert_eq!(phase(&cluster, "gold").await, "Released");
    assert_eq!(
        phase(&cluster, "shared").await,
        "Failed",
        "nobody knows how to delete a folder of a host"
    );
}

#[tokio::test]
async fn a_volume_that_goes_leaves_a_claim_that_lost_it() {
    let cluster = Cluster::of(&format!("{VOLUMES}{}", claim("a", "ReadWriteMany", ""))).await;
    cluster.running.pass(5);
    cluster
        .running
        .remove("v1", "PersistentVolume", "", "shared")
        .unwrap();
    cluster.running.settle();
    assert_eq!(volume_of(&cluster, "a").await, "Lost shared");
}

#[tokio::test]
async fn claims_of_a_stateful_set_go_with_it_if_it_says_so() {
    let cluster = Cluster::of(
        "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: csi.example.org
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  ordinals: {start: 5}
  serviceName: db
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Delete}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'db:1'}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
",
    )
    .await;
    let names = async |path: &str| -> Vec<String> {
        let objects = cluster.list(path).await;
        objects
            .iter()
            .map(|one| one["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let set = "apis/apps/v1/namespaces/default/statefulsets/db";
    cluster.running.pass(60);
    assert_eq!(names("api/v1/pods").await, ["db-5", "db-6", "db-7"]);
    let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "db:2"}]);
    cluster
        .ask("PATCH", set, "application/json-patch+json", &image)
        .await;
    cluster.running.pass(90);
    let images: Vec<String> = cluster
        .list("api/v1/pods")
        .await
        .iter()
        .map(|pod| pod["spec"]["containers"][0]["image"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(images, ["db:1", "db:2", "db:2"], "those below the partition stay");
    // One below the partition that has to be made anew is of the old template still.
    cluster
        .ask(
            "DELETE",
            "api/v1/namespaces/default/pods/db-5",
            "application/json",
            &json!({}),
        )
        .await;
    cluster.running.pass(30);
    let first = cluster.get("api/v1/namespaces/default/pods/db-5").await;
    assert_eq!(first["spec"]["containers"][0]["image"], "db:1");
    let fewer = json!({"spec": {"replicas": 1}});
    cluster
        .ask("PATCH", set, "application/merge-patch+json", &fewer)
        .await;
    cluster.running.pass(60);
    assert_eq!(names("api/v1/pods").await, ["db-5"]);
    assert_eq!(names("api/v1/persistentvolumeclaims").await, ["data-db-5"]);
}
