terraform {
  required_providers {
    mongodbatlas = {
      source  = "mongodb/mongodbatlas"
      version = "~> 1.39"
    }
  }
}

provider "mongodbatlas" {
  base_url    = var.rolecall
  public_key  = var.public_key
  private_key = var.private_key
}

# Lives on every MongoDB server of the project, as does who has it.
resource "mongodbatlas_custom_db_role" "clerk" {
  project_id = var.project
  role_name  = "${var.app}Clerk"

  actions {
    action = "FIND"
    resources {
      database_name   = var.app
      collection_name = "invoices"
    }
  }
}

resource "mongodbatlas_database_user" "app" {
  project_id         = var.project
  auth_database_name = "admin"
  username           = var.app
  password           = var.password

  roles {
    database_name = var.app
    role_name     = "readWrite"
  }

  labels {
    key   = "made-by"
    value = "terraform"
  }
}

# On one server alone, and with the rights of the role above.
resource "mongodbatlas_database_user" "clerk" {
  project_id         = var.project
  auth_database_name = "admin"
  username           = "${var.app}-clerk"
  password           = var.password

  roles {
    database_name = "admin"
    role_name     = mongodbatlas_custom_db_role.clerk.role_name
  }

  scopes {
    name = var.cluster
    type = "CLUSTER"
  }
}
