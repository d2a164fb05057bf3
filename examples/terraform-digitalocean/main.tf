terraform {
  required_providers {
    digitalocean = {
      source  = "digitalocean/digitalocean"
      version = "~> 2.99"
    }
  }
}

provider "digitalocean" {
  api_endpoint = var.rolecall
  token        = var.key
}

# Makes no server: adopts the one that Rolecall manages already. Destroying it releases it, and drops nothing.
resource "digitalocean_database_cluster" "main" {
  name       = var.cluster
  engine     = "pg"
  version    = var.postgresql
  region     = var.region
  size       = "byo"
  node_count = 1
}

resource "digitalocean_database_db" "app" {
  cluster_id = digitalocean_database_cluster.main.id
  name       = var.app
}

resource "digitalocean_database_user" "app" {
  cluster_id = digitalocean_database_cluster.main.id
  name       = var.app
}
