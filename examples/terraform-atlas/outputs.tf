output "users" {
  value = [mongodbatlas_database_user.app.username, mongodbatlas_database_user.clerk.username]
}
