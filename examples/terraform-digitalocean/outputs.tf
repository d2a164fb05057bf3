output "host" {
  value = digitalocean_database_cluster.main.host
}

output "port" {
  value = digitalocean_database_cluster.main.port
}

output "password" {
  description = "Told once, when the user was made; Terraform keeps it in its state"
  value       = digitalocean_database_user.app.password
  sensitive   = true
}
