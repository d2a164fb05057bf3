variable "rolecall" {
  description = "Where Rolecall is reached: scheme, host and port, without /v2"
  type        = string
  default     = "http://127.0.0.1:8480"
}

variable "key" {
  description = "The private half of a key; as TF_VAR_key it stands in no file"
  type        = string
  sensitive   = true
}

variable "region" {
  description = "Which server: its slug, as /v2/databases/options lists it"
  type        = string
}

variable "postgresql" {
  description = "The version of that server as a slug, such as 18"
  type        = string
}

variable "cluster" {
  description = "What the server is called here"
  type        = string
  default     = "main"
}

variable "app" {
  description = "The database, and the user who works in it"
  type        = string
  default     = "orders"
}
