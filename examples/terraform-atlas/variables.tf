variable "rolecall" {
  description = "Where Rolecall is reached: scheme, host and port"
  type        = string
  default     = "http://127.0.0.1:8480"
}

variable "public_key" {
  description = "The public half of an editor's key"
  type        = string
}

variable "private_key" {
  description = "Its private half; as TF_VAR_private_key it stands in no file"
  type        = string
  sensitive   = true
}

variable "project" {
  description = "The project's id: 24 hexadecimal digits"
  type        = string
}

variable "cluster" {
  description = "The name of one MongoDB server of the project"
  type        = string
}

variable "app" {
  description = "The database, and the user who works in it"
  type        = string
  default     = "orders"
}

variable "password" {
  description = "What both users log in with, of at least eight characters"
  type        = string
  sensitive   = true
}
